{{ config(materialized="table", meta={"size": var("size")}) }} select 1 as id
