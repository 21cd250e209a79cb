{{ config(enabled=false) }}
select * from {{ ref('on') }}
