{% macro boom(results) %}{% if var('bad') == 'end' %}select error('at the end'){% endif %}{% endmacro %}
{% macro operate(text='x') %}{% if var('bad') == 'operation' %}{{ exceptions.raise_compiler_error('no: ' ~ text) }}{% endif %}{{ log('operated with ' ~ text, info=true) }}{% endmacro %}
