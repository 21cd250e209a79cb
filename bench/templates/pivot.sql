{% set months = range(1, 13) | list %}
{% set measures = [
    {'name': 'sales', 'column': 'amount', 'how': 'sum'},
    {'name': 'buyers', 'column': 'customer_id', 'how': 'count'},
    {'name': 'basket', 'column': 'amount', 'how': 'avg'},
] %}
{% set seen = namespace(count=0) %}
select
    region,
    {% for measure in measures %}
    -- {{ measure.name | title }}
    {% for month in months %}
    {{ measure.how }}(case when month = {{ month }} then {{ measure['column'] }} end) as {{ measure.name }}_{{ '0' ~ month if month < 10 else month }}
        {%- if not (loop.last and measure == measures[-1]) %},{% endif %}
    {% set seen.count = seen.count + 1 %}
    {% endfor %}
    {% endfor %}
from {{ ref('sales_by_month') }}
group by region
-- {{ seen.count }} measures: {{ measures | map(attribute='name') | join(', ') }}
