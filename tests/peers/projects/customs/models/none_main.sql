{{ config(materialized='no_main', enabled=var('bad', false)) }} select 1
