{{ config(materialized='view') }}
selec 1
