{{ config(materialized='table') }}
select
    shop_id,
    {{ any_value('amount') }} as some,
    {{ bool_or('amount > 10') }} as has_large,
    {{ listagg('id::text', "'-'", 'order by id desc') }} as ids,
    {{ listagg('id::text', "'-'", 'order by id', 1) }} as first_id,
    {{ listagg('shop_id::text') }} as shops
from {{ ref('sales') }}
group by shop_id
{{ except() }}
select 0, 0, false, '', '', ''
