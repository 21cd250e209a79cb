{{ config(materialized='table', tags=['broken']) }}
select 1 as one
