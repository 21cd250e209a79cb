{#- The queries of a snapshot. The key of a row is one expression, or several under numbered names. -#}

{% macro unique_key_fields(unique_key) %}
  {%- if unique_key | is_list %}
    {% for key in unique_key %}
        {{ key }} as dbt_unique_key_{{ loop.index }}{{ ',' if not loop.last }}
    {% endfor %}
  {%- else %}
        {{ unique_key }} as dbt_unique_key
  {%- endif %}
{% endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) %}
  {%- if unique_key | is_list %}
    {% for _ in unique_key %}
        ({{ identifier }}.dbt_unique_key_{{ loop.index }} = {{ from_identifier }}.dbt_unique_key_{{ loop.index }})
        {%- if not loop.last %} and {% endif %}
    {% endfor %}
  {%- else %}
        {{ identifier }}.dbt_unique_key = {{ from_identifier }}.dbt_unique_key
  {%- endif %}
{% endmacro %}

{% macro unique_key_is_null(unique_key, identifier) %}
        {{ identifier }}.dbt_unique_key{{ '_1' if unique_key | is_list }} is null
{% endmacro %}

{% macro unique_key_is_not_null(unique_key, identifier) %}
        {{ identifier }}.dbt_unique_key{{ '_1' if unique_key | is_list }} is not null
{% endmacro %}

{#- The open end of a version's validity, under its column name. -#}
{% macro get_dbt_valid_to_current(strategy, columns) %}
  {%- set open_end = config.get('dbt_valid_to_current') or 'null' -%}
  coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ open_end }})
  as {{ columns.dbt_valid_to }}
{% endmacro %}


{% macro build_snapshot_table(strategy, sql) -%}
  {{ adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql) }}
{% endmacro %}

{#- The first run: every row is current. -#}
{% macro default__build_snapshot_table(strategy, sql) %}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
    select *,
        {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
        {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
        {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
        {{ get_dbt_valid_to_current(strategy, columns) }}
        {%- if strategy.hard_deletes == 'new_record' -%}
        , 'False' as {{ columns.dbt_is_deleted }}
        {%- endif %}
    from (
        {{ sql }}
    ) sbq
{% endmacro %}


{#- Later runs: a scratch table with one row for each version to add or to close. -#}
{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {%- set scratch = make_temp_relation(target_relation) -%}
  {%- set select = snapshot_staging_table(strategy, sql, target_relation) -%}
  {%- do weir__check_snapshot_times(select) -%}
  {%- call statement('build_snapshot_staging_relation') -%}
    {{ create_table_as(True, scratch, select) }}
  {%- endcall -%}
  {%- do return(scratch) -%}
{% endmacro %}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {{ adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) }}
{% endmacro %}

{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set key = strategy.unique_key -%}
  {%- set marks_deletes = strategy.hard_deletes == 'new_record' -%}
  {%- set sees_deletes = marks_deletes or strategy.hard_deletes == 'invalidate' -%}
  {%- if marks_deletes -%}
    {%- set stored_names = get_list_of_column_names(get_columns_in_relation(target_relation)) | map('lower') | list -%}
    {%- set source_columns = get_column_schema_from_query(source_sql) -%}
    {%- set old_is_deleted = 'snapshotted_data.' ~ columns.dbt_is_deleted ~ " = 'True'" -%}
  {%- endif -%}
  {%- set changed -%}
    {{ strategy.row_changed }}
    {%- if marks_deletes %} or {{ old_is_deleted }}{% endif -%}
  {%- endset %}

    with snapshot_query as (

        {{ source_sql }}

    ),

    snapshotted_data as (

        select *, {{ unique_key_fields(key) }}
        from {{ target_relation }}
        where {{ weir__is_current('', columns) }}

    ),

    insertions_source_data as (

        select *, {{ unique_key_fields(key) }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
            {{ get_dbt_valid_to_current(strategy, columns) }},
            {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
        from snapshot_query

    ),

    updates_source_data as (

        select *, {{ unique_key_fields(key) }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
        from snapshot_query

    ),

    {%- if sees_deletes %}

    deletes_source_data as (

        select *, {{ unique_key_fields(key) }}
        from snapshot_query

    ),
    {%- endif %}

    insertions as (

        select
            'insert' as dbt_change_type,
            source_data.*
            {%- if marks_deletes %},
            'False' as {{ columns.dbt_is_deleted }}
            {%- endif %}
        from insertions_source_data as source_data
        left outer join snapshotted_data
            on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
        where {{ unique_key_is_null(key, 'snapshotted_data') }}
           or ({{ unique_key_is_not_null(key, 'snapshotted_data') }} and ({{ changed }}))

    ),

    updates as (

        select
            'update' as dbt_change_type,
            source_data.*,
            snapshotted_data.{{ columns.dbt_scd_id }}
            {%- if marks_deletes %},
            snapshotted_data.{{ columns.dbt_is_deleted }}
            {%- endif %}
        from updates_source_data as source_data
        join snapshotted_data
            on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
        where ({{ changed }})

    )

    {%- if sees_deletes %},

    deletes as (

        select
            'delete' as dbt_change_type,
            source_data.*,
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
            {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_to }},
            snapshotted_data.{{ columns.dbt_scd_id }}
            {%- if marks_deletes %},
            snapshotted_data.{{ columns.dbt_is_deleted }}
            {%- endif %}
        from snapshotted_data
        left join deletes_source_data as source_data
            on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
        where {{ unique_key_is_null(key, 'source_data') }}
        {%- if marks_deletes %}
          and not ({{ old_is_deleted }})
        {%- endif %}

    )
    {%- endif %}

    {%- if marks_deletes %},

    -- a version that says the row is gone
    deletion_records as (

        select
            'insert' as dbt_change_type,
            {% for column in source_columns -%}
            {{ 'snapshotted_data' if column.name | lower in stored_names else 'source_data' }}.{{ adapter.quote(column.column) }},
            {% endfor -%}
            {% if key | is_list -%}
            {% for part in key -%}
            snapshotted_data.{{ part }} as dbt_unique_key_{{ loop.index }},
            {% endfor -%}
            {% else -%}
            snapshotted_data.dbt_unique_key as dbt_unique_key,
            {% endif -%}
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
            {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
            snapshotted_data.{{ columns.dbt_valid_to }} as {{ columns.dbt_valid_to }},
            {{ snapshot_hash_arguments([columns.dbt_scd_id, snapshot_get_time()]) }} as {{ columns.dbt_scd_id }},
            'True' as {{ columns.dbt_is_deleted }}
        from snapshotted_data
        left join deletes_source_data as source_data
            on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
        where {{ unique_key_is_null(key, 'source_data') }}
          and not ({{ old_is_deleted }})

    )
    {%- endif %}

    select * from insertions
    union all
    select * from updates
    {%- if sees_deletes %}
    union all
    select * from deletes
    {%- endif %}
    {%- if marks_deletes %}
    union all
    select * from deletion_records
    {%- endif %}
{%- endmacro %}

{#- Where there is no MERGE, or none that is needed: versions that end are closed, then new ones are added. -#}
{% macro weir__close_and_add_versions(target, source, insert_cols) -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
    update {{ target }} as DBT_INTERNAL_TARGET
    set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = DBT_INTERNAL_TARGET.{{ columns.dbt_scd_id }}::text
      and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update', 'delete')
      and {{ weir__is_current('DBT_INTERNAL_TARGET.', columns) }};

    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select
    {%- for column in insert_cols %}
        DBT_INTERNAL_SOURCE.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert';
{%- endmacro %}
