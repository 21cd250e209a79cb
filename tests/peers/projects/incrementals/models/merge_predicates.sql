{{ config(materialized='incremental', incremental_strategy='merge', unique_key='id', predicates=["DBT_INTERNAL_DEST.id > 1"]) }}
select * from {{ ref('events') }}
