{%- for partner in ['partner_a', 'partner_b'] %}
select
    '{{ partner }}' as partner,
    '{{ partner }}-' || customer_id as customer_key,
    name,
    country,
    born_on,
    is_active
from {{ source(partner, 'customers') }}
{{ 'union all' if not loop.last }}
{%- endfor %}
