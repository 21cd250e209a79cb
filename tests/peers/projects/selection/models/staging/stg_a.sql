{{ config(tags=['nightly']) }}
select id, v from {{ ref('src_seed') }}
