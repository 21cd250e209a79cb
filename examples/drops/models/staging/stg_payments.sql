{%- for partner in ['partner_a', 'partner_b'] %}
select
    '{{ partner }}' as partner,
    '{{ partner }}-' || payment_id as payment_key,
    method,
    case when is_refund then -amount else amount end as amount,
    fee,
    cast(paid_at as date) as paid_on
from {{ source(partner, 'payments') }}
{{ 'union all' if not loop.last }}
{%- endfor %}
