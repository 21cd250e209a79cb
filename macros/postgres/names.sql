{#- Names that stand beside a relation for a while. Postgres cuts names silently, so the front is cut here and
    the suffix is kept. -#}

{% macro postgres__make_relation_with_suffix(base_relation, suffix, dstring) %}
  {%- set ending = suffix ~ (modules.datetime.datetime.now().strftime('%H%M%S%f') if dstring else '') -%}
  {%- set room = base_relation.relation_max_name_length() - (ending | length) -%}
  {%- if room < 0 -%}
    {%- do exceptions.raise_compiler_error(
          'Relation suffix is too long (' ~ (ending | length) ~ ' characters). Maximum length is '
          ~ base_relation.relation_max_name_length() ~ ' characters.') -%}
  {%- endif -%}
  {%- do return(base_relation.incorporate(path={'identifier': base_relation.identifier[:room] ~ ending})) -%}
{% endmacro %}

{% macro postgres__make_intermediate_relation(base_relation, suffix) %}
  {%- do return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=False)) -%}
{% endmacro %}

{#- Temporary tables live in a schema of their session: the name alone finds them. -#}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
  {%- set named = postgres__make_relation_with_suffix(base_relation, suffix, dstring=True) -%}
  {%- do return(named.incorporate(path={'database': none, 'schema': none})) -%}
{% endmacro %}

{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {%- set named = postgres__make_relation_with_suffix(base_relation, suffix, dstring=False) -%}
  {%- do return(named.incorporate(type=backup_relation_type)) -%}
{% endmacro %}
