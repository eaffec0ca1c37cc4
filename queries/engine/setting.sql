-- name: SettingInsert :exec
INSERT INTO backstory.settings (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING;

-- name: SettingGet :one
SELECT value FROM backstory.settings WHERE name = @name;
