{#- User-defined functions: arguments may have defaults. -#}

{% macro postgres__formatted_scalar_function_args_sql() %}
  {%- set parts = [] -%}
  {%- for argument in model.arguments -%}
    {%- set preset = argument.get('default_value', none) -%}
    {%- do parts.append(argument.name ~ ' ' ~ argument.data_type
                        ~ (' DEFAULT ' ~ preset if preset is not none else '')) -%}
  {%- endfor -%}
  {{ parts | join(', ') }}
{% endmacro %}
