{% macro changed(c) -%}
{{ 'to_json(' ~ ident(c.name) ~ ')' if c.type == 'JSON' and c.had != 'JSON' else 'cast(' ~ ident(c.name) ~ ' as ' ~ c.type ~ ')' }}
{%- endmacro %}
{% if rewrites %}
create or replace table {{ target }} as
select * replace (
{% for c in columns if c.altered %}
    {{ changed(c) }} as {{ ident(c.name) }}{{ '' if loop.last else ',' }}
{% endfor %}
)
{%- for c in columns if c.added %}, cast(null as {{ c.type }}) as {{ ident(c.name) }}{% endfor %}
{%- for e in extras if e.added %}, cast(null as {{ e.type }}) as {{ ident(e.name) }}{% endfor %}

from {{ target }};
{% else %}
{% for c in columns if c.added %}
alter table {{ target }} add column {{ ident(c.name) }} {{ c.type }};
{% endfor %}
{% for e in extras if e.added %}
alter table {{ target }} add column {{ ident(e.name) }} {{ e.type }};
{% endfor %}
{% for c in columns if c.altered %}
alter table {{ target }} alter column {{ ident(c.name) }} type {{ c.type }} using {{ changed(c) }};
{% endfor %}
{% endif %}
