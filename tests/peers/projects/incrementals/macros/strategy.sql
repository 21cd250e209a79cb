{% macro get_incremental_count_only_sql(arg_dict) %}
  insert into {{ arg_dict["target_relation"] }}
  select count(*) as id, '{{ arg_dict["unique_key"] }}' as kind, {{ arg_dict["dest_columns"] | length }} as amount,
         '{{ arg_dict.keys() | sort | join(" ") }}' as note
  from {{ arg_dict["temp_relation"] }}
{% endmacro %}
