select id, amount * {{ var('rate') }} as price, '{{ env_var("SHOP_PLACE", "nowhere") }}' as place,
       {{ shout("'a'") }} as loud, '{{ dbt.type_string() }}' as type_name, '{{ invocation_id | length > 5 }}' as long_id
from {{ ref('base_orders') }}
