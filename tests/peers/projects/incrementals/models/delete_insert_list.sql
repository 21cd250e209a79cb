{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['id', 'kind'], incremental_predicates=["DBT_INCREMENTAL_TARGET.amount < 100"]) }}
select * from {{ ref('events') }}
