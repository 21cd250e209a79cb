{#- Runs a data test: one query that counts failures and says whether they matter. -#}

{%- materialization test, default -%}
  {%- set stored = [] -%}
  {%- set failing_rows = get_limit_subquery_sql(sql, config.get('limit')) if config.get('limit') is not none
                         else sql -%}

  {%- if should_store_failures() -%}
    {%- set kind = config.get('store_failures_as') or 'table' -%}
    {%- if kind not in ['table', 'view'] -%}
      {%- do exceptions.raise_compiler_error(
            "'" ~ kind ~ "' is not a valid value for `store_failures_as`. Accepted values are: ['ephemeral', 'table', 'view']") -%}
    {%- endif -%}
    {%- set old = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {%- set place = api.Relation.create(database=database, schema=schema,
                                        identifier=model['alias'], type=kind) -%}

    {#- one transaction: earlier failures stay readable until the new ones are there -#}
    {%- do adapter.ensure_transaction() -%}
    {%- if old -%}
      {%- do adapter.drop_relation(old) -%}
    {%- endif -%}
    {%- call statement(auto_begin=True) -%}
      {{ get_create_sql(place, failing_rows) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {%- do stored.append(place) -%}
    {%- set failing_rows -%}
        select *
        from {{ place }}
    {%- endset -%}
  {%- endif -%}

  {%- call statement('main', fetch_result=True, auto_begin=False) -%}
    {{ get_test_sql(failing_rows, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), none) }}
  {%- endcall -%}

  {{ return({'relations': stored}) }}
{%- endmaterialization -%}


{% macro get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
  {{ adapter.dispatch('get_test_sql', 'dbt')(main_sql, fail_calc, warn_if, error_if, limit) }}
{%- endmacro %}

{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    select
      {{ fail_calc }} as failures,
      {{ fail_calc }} {{ warn_if }} as should_warn,
      {{ fail_calc }} {{ error_if }} as should_error
    from (
      {{ main_sql }}
      {{ "limit " ~ limit if limit is not none }}
    ) dbt_internal_test
{%- endmacro %}
