{% for c in columns if c.added %}
alter table {{ target }} add column {{ ident(c.name) }} {{ c.type }};
{% endfor %}
{% for e in extras if e.added %}
alter table {{ target }} add column {{ ident(e.name) }} {{ e.type }};
{% endfor %}
{% for c in columns if c.altered and not rewrites %}
alter table {{ target }} alter column {{ ident(c.name) }} type {{ c.type }} using {{ 'to_json(' ~ ident(c.name) ~ ')' if c.type == 'JSON' and c.had != 'JSON' else 'cast(' ~ ident(c.name) ~ ' as ' ~ c.type ~ ')' }};
{% endfor %}
{% if rewrites %}
create or replace table {{ target }} as
select * replace (
{% for c in columns if c.altered %}
    {{ 'to_json(' ~ ident(c.name) ~ ')' if c.type == 'JSON' and c.had != 'JSON' else 'cast(' ~ ident(c.name) ~ ' as ' ~ c.type ~ ')' }} as {{ ident(c.name) }}{{ '' if loop.last else ',' }}
{% endfor %}
) from {{ target }};
{% endif %}
