{{ config(materialized='table') }}
select c.name, p.five from {{ ref('as_csv') }} c, {{ ref('as_placed') }} p
