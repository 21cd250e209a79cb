{#- Dates on the Python side of a template: parsing, ranges, a stamp for temporary names. -#}

{% macro convert_datetime(date_str, date_fmt) -%}
  {%- set message -%}
    The provided partition date '{{ date_str }}' does not match the expected format '{{ date_fmt }}'
  {%- endset -%}
  {%- set parsed = try_or_compiler_error(message, modules.datetime.datetime.strptime,
                                         date_str.strip(), date_fmt) -%}
  {%- do return(parsed) -%}
{%- endmacro %}


{#- Every day from the first to the last, both included, as text. -#}
{% macro dates_in_range(start_date_str, end_date_str=None, in_fmt='%Y%m%d', out_fmt='%Y%m%d') -%}
  {%- set first = convert_datetime(start_date_str, in_fmt) -%}
  {%- set last = convert_datetime(start_date_str if end_date_str is none else end_date_str, in_fmt) -%}
  {%- set span = (last - first).days -%}
  {%- if span < 0 -%}
    {%- do exceptions.raise_compiler_error(
          'Partition start date is after the end date: ' ~ start_date_str ~ ' > ' ~ end_date_str) -%}
  {%- endif -%}
  {%- set days = [] -%}
  {%- for offset in range(span + 1) -%}
    {%- set day = first + modules.datetime.timedelta(days=offset) -%}
    {%- do days.append(day.strftime(out_fmt) if out_fmt else day) -%}
  {%- endfor -%}
  {%- do return(days) -%}
{%- endmacro %}


{#- 'a' or 'a,b' -> list of days. -#}
{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') -%}
  {%- set ends = (raw_partition_date | string).split(',') -%}
  {%- if ends | length > 2 -%}
    {%- do exceptions.raise_compiler_error(
          'Invalid partition time. Expected format: {Start Date}[,{End Date}]. Got: '
          ~ raw_partition_date) -%}
  {%- endif -%}
  {%- do return(dates_in_range(ends[0], ends[1] if ends | length == 2 else none, in_fmt=date_fmt)) -%}
{%- endmacro %}


{% macro py_current_timestring() -%}
  {%- do return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) -%}
{%- endmacro %}


{#- Lets a project ask which generation of dbt runs it. -#}
{% macro is_core_v2() -%}
  {%- do return(false) -%}
{%- endmacro %}
