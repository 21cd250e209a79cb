delete from {{ target }} where _weir_root_id in (select _weir_id from {{ root_stage }})
