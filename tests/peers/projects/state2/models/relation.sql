{{ config(alias="named", schema=target.name) }} select * from {{ ref("body") }}
