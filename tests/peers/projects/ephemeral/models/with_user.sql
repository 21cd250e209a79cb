{{ config(materialized='table') }}

WITH mine AS (select * from {{ ref('third') }}),
other as (select * from {{ ref('first') }})
select mine.id, other.v from mine join other using (id)
