{{ config(
    materialized='table',
    pre_hook=[
      {'sql': "insert into " ~ target.schema ~ ".run_log values ('before begin')", 'transaction': false},
      "insert into " ~ target.schema ~ ".run_log values ('in transaction')",
      "set local work_mem = '8MB'"
    ],
    post_hook=[
      "insert into " ~ target.schema ~ ".run_log select 'rows ' || count(*) from {{ this }}",
      {'sql': "analyze {{ this }}", 'transaction': false}
    ]) }}
select current_setting('work_mem') as memory
