{#- What the current role has granted to others. A new table begins without grants. -#}

{%- macro postgres__get_show_grant_sql(relation) -%}
    select grantee, privilege_type
    from {{ relation.information_schema('role_table_grants') }}
    where table_schema = '{{ relation.schema }}'
      and table_name = '{{ relation.identifier }}'
      and grantor = current_role
      and grantee <> current_role
{%- endmacro -%}

{% macro postgres__copy_grants() %}
  {%- do return(False) -%}
{% endmacro %}
