{{ config(store_failures=true, severity='warn') }}
select id, name from {{ ref('shops') }} where id > 2
