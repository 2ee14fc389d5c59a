-- +goose Up
CREATE INDEX sign_ins_account ON sign_ins (account, at);

-- +goose Down
DROP INDEX sign_ins_account;
