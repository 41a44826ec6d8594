using Grantkeeper.Server;

return await ServerRun.Run(args, Console.Error) == ServerEnd.Stopped ? 0 : 1;
