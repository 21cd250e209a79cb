{% macro add(a, b=10) %}{{ a + b }}{% endmacro %}
{%- macro lots() -%}
    {{ varargs | join('-') }}{% for k, v in kwargs | dictsort %};{{ k }}={{ v }}{% endfor %}
{%- endmacro -%}
{% macro wrap(tag) -%}<{{ tag }}>{{ caller('inner ' ~ tag) }}</{{ tag }}>{%- endmacro %}
{# a comment with {% macro hidden() %} in it #}
{% macro listing(n) %}
    {% set out = [] %}
    {% for i in range(n) %}{% do out.append({'n': i, 'sq': i * i}) %}{% endfor %}
    {{ return(out) }}
    this is never printed
{% endmacro %}
{% macro early(x) %}
    {% if x > 1 %}{{ return('big') }}{% endif %}
    {% do return('small') %}
{% endmacro %}
{% macro fact(n) %}{% if n <= 1 %}{{ return(1) }}{% endif %}{{ return(n * fact(n - 1)) }}{% endmacro %}
