{{ config(tags=['nightly', 'core']) }}
select id from {{ ref('mid_a') }} union all select id from {{ ref('mid_b') }}
