{#- Post-hook of the core marts: keeps the number of rows of the last build in ops.row_counts. -#}
{% macro record_row_count(relation) -%}
    delete from ops.row_counts where model_name = '{{ relation.identifier }}';
    insert into ops.row_counts
    select '{{ relation.identifier }}', count(*) from {{ relation }}
{%- endmacro %}

{#- on-run-end: one line in the log, no SQL. Commands that only compile have no results to count. -#}
{% macro log_run_summary(results) -%}
    {%- if execute and results -%}
        {%- set counts = {} -%}
        {%- for result in results -%}
            {%- set status = result.status | string -%}
            {%- do counts.update({status: counts.get(status, 0) + 1}) -%}
        {%- endfor -%}
        {%- set parts = [] -%}
        {%- for status in counts | sort -%}
            {%- do parts.append(counts[status] ~ ' ' ~ status) -%}
        {%- endfor -%}
        {%- do log('shop: ' ~ parts | join(', '), info=true) -%}
    {%- endif -%}
{%- endmacro %}

{#- weir run-operation show_row_counts: prints what record_row_count kept. -#}
{% macro show_row_counts() -%}
    {%- set rows = run_query('select model_name, row_count from ops.row_counts order by model_name') -%}
    {%- for row in rows -%}
        {%- do log(row['model_name'] ~ ': ' ~ row['row_count'], info=true) -%}
    {%- endfor -%}
{%- endmacro %}
