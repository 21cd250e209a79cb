{% set kinds = values_of(ref('base'), 'kind') %}
{% set counted = via_statement(ref('base')) %}
select {{ counted.n }} as n, '{{ counted.kind }}' as first_kind, {{ counted.rows }} as fetched
{% for k in kinds %}, sum(case when kind = '{{ k }}' then 1 else 0 end) as {{ k }}_count
{% endfor %}
from {{ ref('base') }}
