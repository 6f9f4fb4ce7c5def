"""The embedded SFTP server: accounts, the party's own path layer, limits, sessions. Only here is paramiko known."""
