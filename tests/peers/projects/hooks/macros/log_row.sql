{% macro log_row(step, what) -%}
    insert into audit values ('{{ step }}', '{{ what }}')
{%- endmacro %}
{% macro say(word='nothing', times=1) %}
    {% for i in range(times) %}{{ log('say ' ~ word ~ ' ' ~ i, info=true) }}{% endfor %}
    {% do run_query("insert into audit values ('operation', '" ~ word ~ "')") %}
    {% do run_query('commit') if false else none %}
    {{ return(word) }}
{% endmacro %}
