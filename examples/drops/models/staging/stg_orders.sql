{%- for partner in ['partner_a', 'partner_b'] %}
select
    '{{ partner }}' as partner,
    '{{ partner }}-' || order_id as order_key,
    '{{ partner }}-' || customer_id as customer_key,
    ordered_on,
    ordered_at,
    status,
    channel,
    quantity,
    amount,
    tax,
    currency,
    is_gift
from {{ source(partner, 'orders') }}
{{ 'union all' if not loop.last }}
{%- endfor %}
