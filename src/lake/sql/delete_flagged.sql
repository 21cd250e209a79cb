delete from {{ target }} as old using {{ stage }} as new where {{ same_keys('old', 'new') }} and {{ is_deleted('new.') }}
