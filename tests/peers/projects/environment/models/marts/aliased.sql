{{ config(alias='renamed', tags=['extra']) }}
select * from {{ ref('shows_vars') }}
