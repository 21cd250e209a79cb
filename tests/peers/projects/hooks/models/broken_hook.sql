{{ config(materialized='table', post_hook='select * from missing_table', tags=['broken']) }}
select 1 as id
