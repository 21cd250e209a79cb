{{ config(materialized='table', tags=['broken'],
          pre_hook="insert into " ~ target.schema ~ ".run_log values ('must not stay')",
          post_hook="select 1 / 0") }}
select 1 as one
