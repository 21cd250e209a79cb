{{ config(materialized='incremental', incremental_strategy='insert_overwrite', tags=['broken_inc']) }}
select 1 as id
