select * exclude (_weir_number), (_weir_number::bigint << 40) as _weir_place
from (
{% for f in paths %}
    select *, {{ loop.index0 }} as _weir_number
    from read_xlsx({{ literal(f) }}
{%- if excel.get('sheet') %}, sheet = {{ literal(excel.sheet ~ '') }}{% endif %}
{%- if excel.get('range') %}, range = {{ literal(excel.range) }}{% endif %}
{%- if excel.get('header') is not none %}, header = {{ 'true' if excel.header else 'false' }}{% endif %})
    {{ '' if loop.last else 'union all by name' }}
{% endfor %}
)
