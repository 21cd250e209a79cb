{#- The one door to the database: every macro of this library sends its SQL through `statement`. -#}

{%- macro statement(name=None, fetch_result=False, auto_begin=True, language='sql') -%}
  {%- if execute -%}
    {%- set code = caller() -%}
    {%- if name == 'main' -%}
      {%- do write(code) -%}
    {%- endif -%}

    {%- if language == 'sql' -%}
      {%- set outcome = adapter.execute(code, auto_begin=auto_begin, fetch=fetch_result) -%}
      {%- set response, rows = outcome[0], outcome[1] -%}
    {%- elif language == 'python' -%}
      {%- set response, rows = submit_python_job(model, code), none -%}
    {%- else -%}
      {%- do exceptions.raise_compiler_error("statement macro didn't get supported language") -%}
    {%- endif -%}

    {%- if name is not none -%}
      {%- do store_result(name, response=response, agate_table=rows) -%}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}


{#- Leaves a result under `name` without sending anything: for builds whose work was done elsewhere. -#}
{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) -%}
  {%- set text = caller() -%}
  {%- if name == 'main' -%}
    {%- do log('Writing runtime SQL for node "' ~ model['unique_id'] ~ '"') -%}
    {%- do write(text) -%}
  {%- endif -%}
  {%- if name is not none -%}
    {%- do store_raw_result(name, message=message, code=code, rows_affected=rows_affected,
                            agate_table=res) -%}
  {%- endif -%}
{%- endmacro %}


{#- Runs a query and gives its rows. Begins no transaction, but takes part in an open one. -#}
{% macro run_query(sql) -%}
  {%- call statement('run_query_statement', fetch_result=true, auto_begin=false) -%}
    {{- sql -}}
  {%- endcall -%}
  {%- do return(load_result('run_query_statement').table) -%}
{%- endmacro %}
