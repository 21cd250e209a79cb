{{ config(materialized='unheard', enabled=var('bad', false)) }} select 1
