{# A published dataset read over plain HTTP: its index names the files, no listing is needed. #}
{% macro from_index(location) %}
    {%- set files = run_query("select unnest(files).path from read_json('" ~ location ~ "/_index.json')") -%}
    read_parquet([
        {%- for row in files.rows %}'{{ location }}/{{ row[0] }}'{{ ", " if not loop.last }}{% endfor -%}
    ], hive_partitioning = true)
{% endmacro %}
