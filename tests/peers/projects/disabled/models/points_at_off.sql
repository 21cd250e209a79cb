{{ config(enabled=var('broken_ref')) }}
select * from {{ ref('off') }}
