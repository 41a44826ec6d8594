using Grantkeeper.Cli;

return await Tool.Run(args, ToolEnvironment.OfProcess());
