{% set columns = adapter.get_columns_in_relation(ref('types')) %}
select '{{ get_column_names_from(columns) }}' as names, '{{ dbt.get_columns_in_query("select 1 as a, 2 as b") | join(",") if execute }}' as in_query,
  '{{ dbt.get_list_of_column_names(columns) | join(",") }}' as listed,
  '{{ dbt.get_quoted_csv(["a", "b c"]) }}' as quoted, '{{ dbt.diff_columns(columns, []) | length }}' as differing,
  '{{ dbt.create_csv_table.name if false else "" }}' as nothing, '{{ adapter.get_columns_in_relation(this.incorporate(path={"identifier": "nowhere"})) }}' as none
